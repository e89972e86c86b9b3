#: too few arguments
#: program gcc
#: must too few arguments to function .@w@.
printf 'int @w@(int a, int b);\nint f(void) { return @w@(@m@); }\n' > a.c
gcc -c a.c
#: two definitions
#: program gcc
#: must multiple definition of `@w@'
printf 'int @w@(void){return 1;}\n' > a.c; printf 'int @w@(void){return 2;}\nint main(void){return 0;}\n' > b.c
gcc a.c b.c
#: template
#: program g++
#: must (no match for .operator|no matching function|static assertion failed)
printf '#include <vector>\n#include <algorithm>\nstruct @W@ {};\nint main(){ std::vector<@W@> v(2); std::sort(v.begin(), v.end()); }\n' > a.cc
g++ -c a.cc
#: out of range
#: program g++
#: must (out_of_range|vector::_M_range_check)
printf '#include <vector>\nint main(){ std::vector<int> v(2); return v.at(@n@); }\n' > a.cc
g++ a.cc -o a.out && ./a.out
#: unreported
#: program javac
#: must unreported exception
printf 'class A {\n  void @w@() { throw new Exception("x"); }\n}\n' > A.java
javac A.java
#: cause chain
#: program java
#: must (could not load @w@|@v@ is locked)
cat > A.java <<'E'
public class A {
  static void inner() { throw new IllegalStateException("@v@ is locked by @n@"); }
  static void outer() { try { inner(); } catch (RuntimeException e) { throw new RuntimeException("could not load @w@", e); } }
  public static void main(String[] a) { System.err.println("INFO starting"); outer(); }
}
E
java A.java
#: logged and exit
#: program java
#: must (could not load @w@|@v@ is locked)
cat > A.java <<'E'
import java.util.logging.*;
public class A {
  public static void main(String[] a) {
    Logger l = Logger.getLogger("com.acme.@v@");
    l.info("begin");
    try { throw new java.io.IOException("could not load @w@"); } catch (Exception e) { l.log(Level.SEVERE, "run failed", e); System.exit(3); }
  }
}
E
java A.java
#: no class
#: program java
#: must (Could not find or load main class @W@|ClassNotFoundException: @W@)
java @W@
#: trait bound
#: program rustc
#: must (`@W@` doesn't implement|the trait bound)
printf 'struct @W@;\nfn main() { println!("{}", @W@); }\n' > a.rs
rustc a.rs
#: recipe script
#: program make
#: must @w@ is stale
printf 'all: x\n\t@echo done\nx:\n\t@echo "error: @w@ is stale" >&2; exit 4\n' | sed 's/^\t@/\t@/' > Makefile
make all
#: sub make
#: program make
#: must (@w@\.c|@v@_total)
mkdir sub; printf 'all:\n\t$(MAKE) -C sub\n' > Makefile; printf 'a.o: a.c\n\tgcc -c a.c\n' > sub/Makefile; printf 'int f(void){return @v@_total;}\n' > sub/a.c
make
