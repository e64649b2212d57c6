"""HTTP of materials: the API in `rest`, the console's pages in `console`, the ambassador's page in `portal`, what their
readers load and click in `public`.
"""
