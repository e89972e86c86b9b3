#: no manifest
#: must could not find .Cargo.toml.
cargo build
#: compile error
#: must error(\[E0425\])?: cannot find (value|function) .@w@.
#: not could not compile
mkdir src; printf '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n' > Cargo.toml; printf 'fn main() {\n    let unused = 1;\n    println!("{}", @w@);\n}\n' > src/main.rs; cargo build --offline
#: test fails
#: must (assertion .*failed|panicked at|@w@ is wrong)
mkdir src; printf '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n' > Cargo.toml; printf '#[test]\nfn @w@_adds() {\n    assert_eq!(1 + 1, @n@, "@w@ is wrong");\n}\n#[test]\nfn ok() {}\n' > src/lib.rs; cargo test --offline
#: dependency is missing
#: must no matching package named .@w@-@v@.
mkdir src; printf '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n@w@-@v@ = "1"\n' > Cargo.toml; echo 'fn main() {}' > src/main.rs; cargo build --offline
#: bad toml
#: must (invalid|expected|TOML parse|failed to parse manifest|missing|unclosed)
mkdir src; printf '[package\nname = "@w@"\n' > Cargo.toml; echo 'fn main() {}' > src/main.rs; cargo build --offline
#: run panics
#: must (@w@ has no @v@|panicked)
mkdir src; printf '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n' > Cargo.toml; printf 'fn main() {\n    let x: Option<i32> = None;\n    println!("{}", x.expect("@w@ has no @v@"));\n}\n' > src/main.rs; cargo run --offline
