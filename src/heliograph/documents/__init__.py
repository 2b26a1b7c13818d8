"""Pictures of documents as links: those embedded in notebooks, Markdown and HTML, and those of sites built from files.

Files, Jupyter, nbconvert, Sphinx and MkDocs are served by the same few modules; what is below knows none of them.
"""
