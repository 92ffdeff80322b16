module benchmarks

go 1.24

require github.com/libbatchjobs/libbatchjobs/bindings/go v0.0.0

replace github.com/libbatchjobs/libbatchjobs/bindings/go => ../bindings/go
