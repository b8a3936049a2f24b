# The unit tests of src/pool.
