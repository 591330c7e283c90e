"""The Power BI project, made from the marts and the descriptions in `include/bi/power-bi`."""
