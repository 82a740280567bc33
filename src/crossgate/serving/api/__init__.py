"""The service over HTTP: `app.make_app` puts it together, `routes` has what is answered at which address."""
