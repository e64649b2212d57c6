"""The API's reference as pages, `/docs`: from the OpenAPI documents that stand beside the contracts."""
