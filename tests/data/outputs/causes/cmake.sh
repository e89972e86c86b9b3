#: package is missing
#: must (Could not find a package configuration file provided by "@W@"|By not providing "Find@W@|Could NOT find @W@)
printf 'cmake_minimum_required(VERSION 3.10)\nproject(app NONE)\nfind_package(@W@ REQUIRED)\n' > CMakeLists.txt; cmake -B out .
#: message
#: must @w@ is not set
printf 'cmake_minimum_required(VERSION 3.10)\nproject(app NONE)\nmessage(STATUS "checking @v@")\nmessage(FATAL_ERROR "@w@ is not set")\n' > CMakeLists.txt; cmake -B out .
#: unknown command
#: must Unknown CMake command "@w@_@v@"
printf 'cmake_minimum_required(VERSION 3.10)\nproject(app NONE)\n@w@_@v@(x)\n' > CMakeLists.txt; cmake -B out .
#: source is missing
#: must Cannot find source file|No SOURCES given
printf 'cmake_minimum_required(VERSION 3.10)\nproject(app C)\nadd_executable(@w@ @v@.c)\n' > CMakeLists.txt; cmake -B out .
#: no lists
#: must does not appear to contain CMakeLists.txt
mkdir @w@; cmake -B out @w@
#: build breaks
#: must error: .@w@. undeclared
printf 'cmake_minimum_required(VERSION 3.10)\nproject(app C)\nadd_executable(app a.c)\n' > CMakeLists.txt; printf 'int main(void) { return @w@; }\n' > a.c; cmake -B out . > /dev/null && cmake --build out
