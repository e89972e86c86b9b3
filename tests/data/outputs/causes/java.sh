#: thrown
#: must IllegalStateException: @w@ table missing
cat > A.java <<'E'
public class A { static void load() { throw new IllegalStateException("@w@ table missing"); }
public static void main(String[] a) { load(); } }
E
java A.java
#: caused by
#: must (IllegalArgumentException: no @v@ @n@|RuntimeException: could not load @w@)
cat > A.java <<'E'
public class A { static void read() { throw new IllegalArgumentException("no @v@ @n@"); }
static void load() { try { read(); } catch (Exception e) { throw new RuntimeException("could not load @w@", e); } }
public static void main(String[] a) { load(); } }
E
java A.java
#: null pointer
#: must NullPointerException
cat > A.java <<'E'
public class A { public static void main(String[] a) { String @w@ = null; System.out.println("x"); System.out.println(@w@.length()); } }
E
java A.java
#: class is missing
#: must (Could not find or load main class|ClassNotFoundException:) ?@W@
java @W@Main
#: stack overflow
#: must StackOverflowError
cat > A.java <<'E'
public class A { static int @w@(int n) { return @w@(n + 1) + 1; } public static void main(String[] a) { @w@(0); } }
E
java A.java
#: suppressed
#: must IOException: @w@ broke
cat > A.java <<'E'
public class A { static class R implements AutoCloseable { public void close() { throw new RuntimeException("close of @v@"); } }
public static void main(String[] a) throws Exception { try (R r = new R()) { throw new java.io.IOException("@w@ broke"); } } }
E
JAVA_TOOL_OPTIONS=-Xmx128m java A.java
#: out of memory
#: must OutOfMemoryError
cat > A.java <<'E'
public class A { public static void main(String[] a) { java.util.List<long[]> @w@ = new java.util.ArrayList<>(); while (true) @w@.add(new long[1 << 20]); } }
E
java -Xmx32m A.java
#: missing jar
#: must Unable to access jarfile @w@
java -jar @w@-@n@.jar
#: bad option
#: must Unrecognized (VM )?option
java -XX:@W@Size=@n@ A
