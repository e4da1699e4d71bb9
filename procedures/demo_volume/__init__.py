"""A province's years of work, invented and loaded by the million: to see that nothing slows down.

``plan`` says how many dossiers come when and where, ``templates`` what is filed, ``story`` what becomes of
it, ``history`` turns that into rows, ``load`` copies them in. A fixed daily inflow: more dossiers means more
years of history, and what is open stays a few weeks' work. The same seed gives the same province.
"""
