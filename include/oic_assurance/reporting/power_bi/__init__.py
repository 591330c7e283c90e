"""The Power BI project in `include/bi/power-bi/project`, generated from the marts."""
