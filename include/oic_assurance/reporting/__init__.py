"""Everything that people read: terminal screens, the assurance pack, dashboards, and the site."""
