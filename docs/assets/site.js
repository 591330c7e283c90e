// The theme gives the dialog of the search no name, which readers of the screen need.
document.querySelector('[data-md-component="search"]').setAttribute("aria-label", "Search");
