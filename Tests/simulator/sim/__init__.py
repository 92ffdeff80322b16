"""A simulator of four batch-job services and of the storage behind one of them."""
