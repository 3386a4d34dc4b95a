"""Every step of a pathology case, one function each; the transitions of the domain specification, section 5."""
