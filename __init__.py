"""phusong: mobile coverage by village and fibre reach by commune, from planners' own files.

The root has no side effects: pytest imports it a second time under the checkout's own name.
"""

__version__ = "0.1.0"
