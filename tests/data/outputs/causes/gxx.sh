#: no matching function
#: must error: (no matching function for call to|cannot convert|invalid conversion)
printf '#include <string>\nvoid @w@(int, std::string);\nint main() { @w@("a"); }\n' > a.cc; g++ -c a.cc
#: thrown
#: must (@w@ broke|runtime_error)
printf '#include <stdexcept>\nint main() { throw std::runtime_error("@w@ broke at @n@"); }\n' > a.cc; g++ a.cc -o a && ./a
#: template
#: must error: no match for .operator(<|\+)
printf '#include <set>\nstruct @W@ {};\nint main() { std::set<@W@> s; s.insert(@W@()); }\n' > a.cc; g++ -c a.cc
#: segfault
#: must Segmentation fault|signal 11|SIGSEGV
printf '#include <cstdio>\nint main() { std::puts("loading @w@"); std::fflush(stdout); int *p = 0; *p = @n@; }\n' > a.cc; g++ a.cc -o a && bash -c './a; exit $?'
#: assertion
#: must Assertion .*@w@ > @n@. failed
printf '#include <cassert>\nint main() { int @w@ = 0; assert(@w@ > @n@); }\n' > a.cc; g++ a.cc -o a && ./a
