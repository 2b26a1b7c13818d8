"""Pictures of documents as links: those embedded in notebooks, Markdown and HTML, and those of sites built from files.

At the bottom are the scanners (`html`, `markdown`): which addresses stand where in a text. Repair reads documents by
the same ones. Above, files, Jupyter, nbconvert, Sphinx and MkDocs are served by the same few modules, which know none
of them.
"""
