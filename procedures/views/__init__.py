"""Citizen pages: ``public`` needs no sign-in, ``filing`` writes a draft, ``dossier`` follows one."""
