"""A wholesaler that sells over the dujiao-next Open API, for demos: made-up codes, no money, and manners of its own."""
