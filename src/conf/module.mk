# The files of src/conf.
