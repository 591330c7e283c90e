"""The Excel workbook of a publication: tables with filters, charts and notes."""
