# The files of src/proto.
