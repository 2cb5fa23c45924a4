"""HTTP: schemas, problems, middleware and routes. FastAPI is used here and in `app.main` only."""
