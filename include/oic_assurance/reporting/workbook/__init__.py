"""The Excel workbook of a publication, with pivot tables that read its own sheets."""
