#: mismatched types
#: must error\[E0308\]: mismatched types|expected .i32., found
printf 'fn main() {\n    let @w@: i32 = "x";\n    println!("{}", @w@);\n}\n' > a.rs; rustc a.rs
#: unresolved name
#: must error\[E0425\]: cannot find (value|function) .@w@.
printf 'fn main() {\n    println!("{}", @w@ + @n@);\n}\n' > a.rs; rustc a.rs
#: borrow
#: must error\[E0382\]: (borrow|use) of moved value: .@w@.
printf 'fn main() {\n    let @w@ = String::new();\n    let b = @w@;\n    println!("{} {}", @w@, b);\n}\n' > a.rs; rustc a.rs
#: panic
#: must (@w@ is empty: @n@|panicked at)
printf 'fn main() {\n    panic!("@w@ is empty: @n@");\n}\n' > a.rs; rustc a.rs && ./a
#: unwrap
#: must (called .Result::unwrap|panicked)
printf 'fn main() {\n    let n: i32 = "@w@".parse().unwrap();\n    println!("{}", n);\n}\n' > a.rs; rustc a.rs && RUST_BACKTRACE=1 ./a
#: main returns an error
#: must Error: .*(NotFound|No such file)
printf 'fn main() -> Result<(), std::io::Error> {\n    std::fs::read("@w@.csv")?;\n    Ok(())\n}\n' > a.rs; rustc a.rs && ./a
#: index
#: must index out of bounds
printf 'fn main() {\n    let v = vec![1, 2];\n    let i = std::env::args().count() + @n@;\n    println!("@w@ {}", v[i]);\n}\n' > a.rs; rustc a.rs && ./a
