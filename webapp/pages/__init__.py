"""Pages that show results, above all apps as the API is: each view has its noun's module.

The other apps keep the pages that show none.
"""
