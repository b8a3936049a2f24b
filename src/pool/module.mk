# The files of src/pool.
