// The first code of this module follows in a commit of its own.
