#!/bin/sh
# Builds the sample project into the scratch folder.
exec make -s B="$SCRATCH_DIR/out" all
