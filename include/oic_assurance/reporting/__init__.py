"""Everything that people read: screens, the assurance pack, releases, dashboards and the site."""
