// So that the precompiled header of the tests is made: main.cpp cannot use it.
