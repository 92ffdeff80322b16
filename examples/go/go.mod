module examples

go 1.24

require github.com/libbatchjobs/libbatchjobs/bindings/go v0.0.0

// The package of this very tree; a program of yours needs no such line.
replace github.com/libbatchjobs/libbatchjobs/bindings/go => ../../bindings/go
