"""The page that people use the service with: `app.html`, built from the folder `web` by `make viewer`."""
