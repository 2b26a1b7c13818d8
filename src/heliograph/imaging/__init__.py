"""Pictures: recognised, checked, cleaned and turned into renditions, in processes that may die. Can be read alone."""
