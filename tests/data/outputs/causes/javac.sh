#: unknown symbol
#: must cannot find symbol
echo 'class A { int f() { return @w@ + @n@; } }' > A.java; javac A.java
#: wrong type
#: must incompatible types: String cannot be converted to int
echo 'class A { int f() { int @w@ = "x"; return @w@; } }' > A.java; javac -Xlint:all A.java
#: a missing sign
#: must ';' expected
printf 'class A {\n int @w@ = @n@\n int @v@ = 2;\n}\n' > A.java; javac A.java
#: package that does not exist
#: must package org\.@w@ does not exist
echo 'import org.@w@.Client; class A { }' > A.java; javac A.java
#: unreported exception
#: must unreported exception .*Exception; must be caught
echo 'class A { void @w@() { throw new java.io.IOException("x"); } }' > A.java; javac A.java
#: warnings and an error
#: must cannot be converted|class @W@ is public
printf 'public class @W@ { java.util.List l = new java.util.ArrayList(); void f() { l.add(@n@); new Thread().stop(); } }\n' > A.java; javac -Xlint A.java
