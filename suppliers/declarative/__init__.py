"""Adapters without code: one TOML file says how an upstream signs, asks and answers.

A file names things, it computes nothing: a signature comes from a closed list of recipes, a value that is sent is a
literal or one known name, a fact of an answer is a path to it, a state is looked up in a literal table. Whatever a file
does not name is *unknown*: asked about again, never bought again. A file is used only if its own vectors come out right.
"""
