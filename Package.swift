// swift-tools-version: 6.2
import PackageDescription

// Release builds are Embedded Swift: no runtime, a few hundred kilobytes, for C, Python and Go
// programs. Debug builds are full Swift, for unit tests, sanitizers and fuzzers. Same sources.
let swiftSettings: [SwiftSetting] = [
    .enableExperimentalFeature("Embedded", .when(configuration: .release)),
    // Every module repeats what it inlines from the ones below: with a section for each function
    // the linker drops the repetitions. Exclusivity is checked in debug builds.
    .unsafeFlags(
        ["-wmo", "-Xfrontend", "-function-sections", "-enforce-exclusivity=unchecked"],
        .when(configuration: .release)),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
]

// The time of a list goes into JSON; for all else the size counts.
let smallSwift = swiftSettings + [.unsafeFlags(["-Osize"], .when(configuration: .release))]

func linker(_ flags: String...) -> [String] { flags.flatMap { ["-Xlinker", $0] } }

let package = Package(
    name: "libbatchjobs",
    products: [.library(name: "batchjobs", type: .dynamic, targets: ["BatchJobsABI"])],
    targets: [
        .target(name: "CBatchJobs"),
        .target(name: "CPlatform"),
        .target(name: "CJansson", linkerSettings: [.linkedLibrary("jansson")]),
        .target(name: "CCurl", linkerSettings: [.linkedLibrary("curl")]),
        .target(name: "CInflate", linkerSettings: [.linkedLibrary("isal")]),
        .target(name: "CFiles"),
        .target(
            name: "BatchJobsJSON", dependencies: ["CJansson", "CPlatform"],
            swiftSettings: swiftSettings),
        .target(name: "BatchJobs", dependencies: ["BatchJobsJSON"], swiftSettings: smallSwift),
        .target(
            name: "BatchJobsCurl",
            dependencies: ["BatchJobs", "BatchJobsJSON", "CCurl", "CInflate", "CPlatform"],
            swiftSettings: smallSwift),
        .target(
            name: "BatchJobsFiles",
            dependencies: ["BatchJobs", "BatchJobsJSON", "CFiles", "CPlatform"],
            swiftSettings: smallSwift),
        .target(
            name: "BatchJobsABI",
            dependencies: [
                "BatchJobs", "BatchJobsCurl", "BatchJobsFiles", "BatchJobsJSON", "CBatchJobs",
            ],
            exclude: ["exports.map"],
            swiftSettings: smallSwift,
            linkerSettings: [
                .linkedLibrary("m"),
                .unsafeFlags(
                    // Functions that were compiled to the same code are kept once.
                    ["-use-ld=lld", "-Xlinker", "--icf=all"]
                        + linker(
                            "-soname=libbatchjobs.so.0", "-z", "defs", "-z", "nodelete",
                            "--gc-sections",
                            "--version-script=" + Context.packageDirectory
                                + "/Sources/BatchJobsABI/exports.map"),
                    .when(configuration: .release)),
            ]),
        .testTarget(
            name: "BatchJobsTests",
            dependencies: ["BatchJobs", "BatchJobsCurl", "BatchJobsJSON"],
            exclude: []),
    ],
    swiftLanguageModes: [.v6]
)

// Fuzzers need every module compiled with coverage and a main of libFuzzer's own, so they are
// libraries here and linked by scripts/fuzz.sh.
if Context.environment["BATCHJOBS_FUZZ"] != nil {
    let names = [
        "Scan", "Elements", "RetryAfter", "Time", "Address", "Lines", "Gzip", "Token", "Links",
    ]
    for name in names {
        package.targets.append(
            .target(
                name: "Fuzz" + name,
                dependencies: ["BatchJobs", "BatchJobsCurl", "BatchJobsJSON", "CCurl"],
                path: "Tests/fuzz/" + name, exclude: ["corpus"]))
    }
}
