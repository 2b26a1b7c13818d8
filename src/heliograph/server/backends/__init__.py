"""One file for each outside technology, the only importer of its library; each keeps a promise of `ports`."""
