"""The web server's entrance."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

application = get_wsgi_application()

# What start-up made stays for good: looking it through for garbage again and again is wasted.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
