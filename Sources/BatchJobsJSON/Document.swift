import CJansson

/// A small JSON document, held as a tree by jansson: envelopes and error bodies.
public struct Document {
    private let root: OpaqueTree

    /// Throws where the bytes are not JSON as jansson takes it.
    public init(_ bytes: Bytes) throws(JSONFault) {
        root = try unsafe bytes.withUnsafeBytes { (raw) throws(JSONFault) in
            try unsafe OpaqueTree.parse(raw)
        }
    }

    public var value: Node { unsafe Node(tree: root, value: root.value) }
}

/// Owns jansson's tree; nodes keep it alive.
@safe final class OpaqueTree {
    let value: UnsafeMutablePointer<json_t>

    private init(_ value: UnsafeMutablePointer<json_t>) { unsafe self.value = value }

    deinit { unsafe bjj_decref(value) }

    static func parse(_ raw: UnsafeBufferPointer<UInt8>) throws(JSONFault) -> OpaqueTree {
        var fault = json_error_t()
        let flags = Int(JSON_DECODE_ANY | JSON_ALLOW_NUL)
        guard let base = raw.baseAddress, raw.count > 0 else {
            throw JSONFault(reason: .malformed, offset: 0, expected: "a value")
        }
        let tree = unsafe base.withMemoryRebound(to: CChar.self, capacity: raw.count) {
            unsafe bjj_load($0, raw.count, flags, &fault)
        }
        guard let tree = unsafe tree else {
            // It says nothing where it cannot even begin.
            let code = unsafe bjj_error_code(&fault)
            if code == json_error_out_of_memory || code == json_error_unknown {
                throw JSONFault(reason: .noMemory, offset: 0, expected: "memory for the document")
            }
            throw JSONFault(
                reason: .malformed, offset: Int(fault.position), expected: "JSON")
        }
        return unsafe OpaqueTree(tree)
    }
}

/// One value of a document.
@safe public struct Node {
    let tree: OpaqueTree
    let value: UnsafeMutablePointer<json_t>

    public var kind: Kind {
        switch unsafe bjj_typeof(value) {
        case JSON_OBJECT: .object
        case JSON_ARRAY: .array
        case JSON_STRING: .string
        case JSON_INTEGER, JSON_REAL: .number
        case JSON_TRUE, JSON_FALSE: .bool
        default: .null
        }
    }

    public var text: String? {
        guard let start = unsafe json_string_value(value) else { return nil }
        let length = unsafe json_string_length(value)
        guard length <= Bytes.maximumText else { return nil }
        return unsafe start.withMemoryRebound(to: UInt8.self, capacity: length) {
            unsafe String(
                validating: UnsafeBufferPointer(start: $0, count: length), as: UTF8.self)
        }
    }

    public var bool: Bool? {
        kind == .bool ? unsafe bjj_typeof(value) == JSON_TRUE : nil
    }

    /// A whole number; a real such as 5.0 counts as one.
    public var integer: Int64? {
        switch unsafe bjj_typeof(value) {
        case JSON_INTEGER: unsafe json_integer_value(value)
        case JSON_REAL: unsafe Int64(exactly: json_real_value(value))
        default: nil
        }
    }

    public var double: Double? {
        kind == .number ? unsafe json_number_value(value) : nil
    }

    /// A member of an object; nil on another kind and where there is none.
    public subscript(_ name: String) -> Node? {
        let found = unsafe name.withCString { unsafe json_object_get(value, $0) }
        return unsafe found.map { unsafe Node(tree: tree, value: $0) }
    }

    /// An element of an array.
    public subscript(_ index: Int) -> Node? {
        guard index >= 0 else { return nil }
        return unsafe json_array_get(value, index).map { unsafe Node(tree: tree, value: $0) }
    }

    public var count: Int {
        unsafe max(json_array_size(value), json_object_size(value))
    }
}
