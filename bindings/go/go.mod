module github.com/libbatchjobs/libbatchjobs/bindings/go

go 1.24
