#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every source includes the standard headers of what it uses: which other headers bring them along differs from one
standard library to the next, so that a file that compiles here by luck does not compile elsewhere.

A header counts if the file includes it itself, or if a header of this project does that the file includes, directly or
through others of this project. Usage: includes.py [ROOT]; exit status 1 and one line per offence if there is any.
Every run first proves, on a tree with known offences, that it can fail.
"""
import os
import re
import sys
import tempfile

import layers

# Standard headers and the names that they are there for. Names of more than one header stand in each of them.
NAMES = {
    "algorithm": "all_of any_of binary_search clamp copy copy_if copy_n count count_if equal fill fill_n find find_if "
                 "find_if_not for_each generate includes is_permutation is_sorted iter_swap lower_bound max max_element "
                 "merge min min_element minmax minmax_element mismatch next_permutation none_of nth_element "
                 "partial_sort partition remove remove_if replace replace_if reverse rotate search set_difference shuffle sort "
                 "stable_partition stable_sort transform unique upper_bound",
    "any": "any any_cast",
    "array": "array",
    "atomic": "atomic atomic_thread_fence memory_order_acquire memory_order_relaxed memory_order_release",
    "bitset": "bitset",
    "cctype": "isalnum isalpha isdigit islower isspace isupper isxdigit tolower toupper",
    "cerrno": "errno",
    "charconv": "chars_format from_chars to_chars",
    "chrono": "chrono",
    "cmath": "acos asin atan atan2 cbrt ceil copysign cos erf erfc exp exp2 expm1 fabs floor fma fmax fmin fmod hypot "
             "isfinite isinf isnan ldexp log log10 log1p log2 lround modf nearbyint pow rint round sin sinh sqrt tan "
             "tanh trunc",
    "complex": "complex conj polar",
    "condition_variable": "condition_variable",
    "csetjmp": "longjmp",
    "csignal": "raise sig_atomic_t signal",
    "cstdarg": "va_list",
    "cstddef": "byte max_align_t nullptr_t ptrdiff_t size_t",
    "cstdint": "int8_t int16_t int32_t int64_t intptr_t uint8_t uint16_t uint32_t uint64_t uintptr_t",
    "cstdio": "FILE fclose feof ferror fflush fgets fopen fprintf fputs fread fscanf fseek ftell fwrite perror printf "
              "puts remove rename snprintf sscanf vsnprintf",
    "cstdlib": "abort abs aligned_alloc atexit atof atoi calloc exit free getenv malloc mkstemp mkdtemp posix_memalign "
               "qsort realloc setenv strtod strtof strtol strtoul strtoull system unsetenv",
    "cstring": "memchr memcmp memcpy memmove memset strchr strcmp strdup strerror strlen strncmp strncpy strrchr strstr",
    "ctime": "clock_gettime gmtime localtime strftime time_t",
    "deque": "deque",
    "exception": "current_exception exception exception_ptr rethrow_exception terminate uncaught_exceptions",
    "filesystem": "filesystem",
    "fstream": "filebuf fstream ifstream ofstream",
    "functional": "bind function greater hash less mem_fn minus multiplies plus ref cref reference_wrapper",
    "future": "async future promise",
    "initializer_list": "initializer_list",
    "iomanip": "put_time setfill setprecision setw",
    "ios": "ios streamoff streamsize",
    "iostream": "cerr cin clog cout",
    "istream": "istream",
    "iterator": "advance back_inserter distance istream_iterator istreambuf_iterator next ostream_iterator prev",
    "limits": "numeric_limits",
    "list": "list",
    "map": "map multimap",
    "memory": "enable_shared_from_this make_shared make_unique shared_ptr unique_ptr weak_ptr",
    "mutex": "call_once lock_guard mutex once_flag recursive_mutex scoped_lock unique_lock",
    "new": "align_val_t bad_alloc nothrow set_new_handler",
    "numeric": "accumulate adjacent_difference gcd inner_product iota lcm partial_sum reduce",
    "optional": "nullopt optional",
    "ostream": "endl flush ostream",
    "queue": "priority_queue queue",
    "random": "bernoulli_distribution minstd_rand mt19937 mt19937_64 normal_distribution random_device "
              "uniform_int_distribution uniform_real_distribution",
    "ratio": "micro milli nano ratio",
    "regex": "regex regex_match regex_replace regex_search smatch sregex_iterator",
    "set": "multiset set",
    "sstream": "istringstream ostringstream stringbuf stringstream",
    "stdexcept": "domain_error invalid_argument length_error logic_error out_of_range overflow_error range_error "
                 "runtime_error underflow_error",
    "streambuf": "streambuf",
    "string": "char_traits getline stod stof stoi stol stoll stoul stoull string to_string wstring",
    "string_view": "string_view",
    "system_error": "errc error_code error_condition generic_category system_category system_error",
    "thread": "this_thread thread",
    "tuple": "apply forward_as_tuple get make_tuple tie tuple tuple_element tuple_size",
    "type_traits": "common_type_t conditional_t decay_t enable_if enable_if_t false_type integral_constant "
                   "invoke_result_t is_arithmetic_v is_base_of_v is_convertible_v is_enum_v is_floating_point "
                   "is_floating_point_v is_integral is_integral_v is_pointer_v is_same is_same_v is_signed is_signed_v "
                   "is_trivially_copyable is_trivially_copyable_v is_unsigned_v make_signed_t make_unsigned_t "
                   "remove_const_t remove_cv_t remove_pointer_t remove_reference_t true_type underlying_type_t void_t",
    "typeinfo": "bad_cast type_info",
    "unordered_map": "unordered_map",
    "unordered_set": "unordered_set",
    "utility": "as_const declval exchange forward get index_sequence make_index_sequence make_pair move pair swap",
    "valarray": "valarray",
    "variant": "get get_if holds_alternative monostate variant visit",
    "vector": "vector",
}
# What the standard promises beside the names that a header is there for.
ALSO = {
    "array": "get size_t tuple_element tuple_size",
    "cmath": "abs",
    "chrono": "micro milli nano ratio",
    "cstdio": "size_t",
    "cstdlib": "size_t",
    "cstring": "size_t",
    "ctime": "size_t",
    "deque": "initializer_list",
    "fstream": "ios streamoff streamsize",
    "iostream": "endl flush ios istream ostream streamoff streamsize streambuf",
    "istream": "ios streamoff streamsize",
    "filesystem": "error_code",
    "map": "initializer_list",
    "new": "exception",
    "ostream": "ios streamoff streamsize",
    "set": "initializer_list",
    "stdexcept": "exception",
    "sstream": "ios istream ostream",
    "string": "initializer_list swap",
    "tuple": "swap",
    "system_error": "exception",
    "utility": "initializer_list tuple_element tuple_size",
    "vector": "initializer_list",
}
# Names of C that are used without std:: as well. `remove`, `signal`, `abs` and the like are words of our own, too.
WITHOUT_NAMESPACE = set(
    "errno memchr memcmp memcpy memmove memset strcmp strdup strerror strlen strncmp int8_t int16_t int32_t int64_t "
    "uint8_t uint16_t uint32_t uint64_t uintptr_t fopen fclose fwrite fread fprintf printf snprintf getenv setenv "
    "unsetenv strtod strtol strtoul".split())
C_HEADERS = {"cctype", "cerrno", "cmath", "csetjmp", "csignal", "cstdarg", "cstddef", "cstdint", "cstdio", "cstdlib",
             "cstring", "ctime"}

HEADERS_OF = {}
for header, names in list(NAMES.items()) + list(ALSO.items()):
    for name in names.split():
        HEADERS_OF.setdefault(name, []).append(header)

# Text that others include in the middle of a class: its names are the business of those.
FRAGMENTS = {"src/kernels/overrides.h"}

COMMENT_OR_TEXT = re.compile(
    r'//[^\n]*|/\*.*?\*/|(?:u8|[uUL])?R"([^()\\\s]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
DIRECTIVE = re.compile(r'^[ \t]*#[ \t]*include\b[^\n]*', re.M)
QUALIFIED = re.compile(r"(?<![\w:])(?:::)?std::(\w+)")
BARE = re.compile(r"(?<![\w:.>])(?:::)?(%s)\b(?=\s*[(<>&*)]|\s+\w)|(?<![\w:.>])errno\b" % "|".join(
    sorted(WITHOUT_NAMESPACE - {"errno"})))
SEPARATOR = re.compile(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])")


def without_comments(text):
    def blank(match):
        return "\n" * match.group(0).count("\n") or " "
    return COMMENT_OR_TEXT.sub(blank, DIRECTIVE.sub("", SEPARATOR.sub("", text)))


class Tree:
    def __init__(self, root):
        self.root = root
        self.texts = {}
        self.reached = {}
        for path in layers.files(root):
            with open(os.path.join(root, path), encoding="utf-8") as stream:
                self.texts[path] = stream.read()

    def resolve(self, path, name):
        if "/" in path:
            beside = os.path.normpath(os.path.join(os.path.dirname(path), name)).replace(os.sep, "/")
            if beside in self.texts:
                return beside
        for folder in ("src", "include", "apps", "test", "test/core", "test/cuda_emulation/include", "benchmarks"):
            candidate = os.path.normpath(os.path.join(folder, name)).replace(os.sep, "/")
            if candidate in self.texts:
                return candidate
        return None

    def headers(self, path):
        """The standard headers that `path` includes, itself or through headers of this project."""
        if path not in self.reached:
            self.reached[path] = set()  # of a circle of includes
            result = set()
            for match in layers.INCLUDE.finditer(self.texts[path]):
                name = match.group(2)
                other = self.resolve(path, name)
                if other:
                    result |= self.headers(other)
                elif name.endswith(".h") and "c" + name[:-2] in C_HEADERS:
                    result.add("c" + name[:-2])
                else:
                    result.add(name)
            self.reached[path] = result
        return self.reached[path]


def check(root):
    """(number of files, offences as (path, line, name, headers))"""
    tree = Tree(root)
    offences = []
    for path, text in tree.texts.items():
        if path in FRAGMENTS:
            continue
        included = tree.headers(path)
        # The body of a template is included by its declaration, whose headers it may count on.
        if path.endswith(".hxx") and path[:-3] + "h" in tree.texts:
            included = included | tree.headers(path[:-3] + "h")
        seen = set()
        code = without_comments(text)
        for pattern in (QUALIFIED, BARE):
            for match in pattern.finditer(code):
                name = match.group(1) or "errno"
                headers = HEADERS_OF.get(name, [])
                if name in seen or not headers or not included.isdisjoint(headers):
                    continue
                seen.add(name)
                offences.append((path, code.count("\n", 0, match.start()) + 1, name, headers))
    return len(tree.texts), offences


# file -> (content, name that must be complained of; None: none may be)
BAD_TREE = {
    "src/model/Good.h": ("#include <string>\nstd::string f();\n", None),
    "src/model/Good.cpp": ('#include "Good.h"\nstd::string f() { return std::to_string(1); }\n', None),
    "src/model/Through.cpp": ('#include "model/Good.h"\nstd::string g();\n', None),
    "src/model/Luck.cpp": ("#include <vector>\nauto f(std::vector<int> & v) { std::sort(v.begin(), v.end()); }\n", "sort"),
    "src/model/Comment.cpp": ('// std::sort\n/* std::map\n */ const char * f = "std::set";\n', None),
    "src/model/Digits.cpp": ("int million = 1'000'000; // it's std::set\nint other = 0x1'f;\n", None),
    "src/model/C.cpp": ("#include <stdint.h>\nuint64_t f();\n", None),
    "src/model/Bare.cpp": ("void f(char * a, char * b) { memcpy(a, b, 1); }\n", "memcpy"),
    "src/model/Errno.cpp": ("int f() { return errno; }\n", "errno"),
    "src/model/Member.cpp": ("void f(File & file) { file.memset(); file->getenv(); }\n", None),
    "apps/Optional.cxx": ("std::optional<int> f();\n", "optional"),
    "test/core/pairTest.cpp": ("#include <map>\nstd::pair<int, int> f();\n", "pair"),
    "include/itkA.h": ("#include <cmath>\n#include \"itkA.hxx\"\n", None),
    "include/itkA.hxx": ("double f() { return std::sqrt(2.0); }\n", None),
}


def prove_that_it_can_fail():
    with tempfile.TemporaryDirectory() as root:
        for path, (content, _) in BAD_TREE.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as stream:
                stream.write(content)
        number, offences = check(root)
    expected = {(path, name) for path, (_, name) in BAD_TREE.items() if name}
    found = {(path, name) for path, _, name, _ in offences}
    failures = [] if number == len(BAD_TREE) else ["%d of %d files were read" % (number, len(BAD_TREE))]
    failures += ["did not see %s in %s" % (name, path) for path, name in sorted(expected - found)]
    failures += ["complained without reason of %s in %s" % (name, path) for path, name in sorted(found - expected)]
    return failures


def main():
    root = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), ".."))
    failures = prove_that_it_can_fail()
    if failures:
        print("includes.py does not work:\n  " + "\n  ".join(failures))
        return 1
    number, offences = check(root)
    for path, line, name, headers in offences:
        print("%s:%d: %s is used, but <%s> is not included" % (path, line, name, "> or <".join(headers)))
    print("%d files, %d offences (of %d known ones in a bad tree)"
          % (number, len(offences), sum(name is not None for _, name in BAD_TREE.values())))
    if number == 0:
        print("no sources under " + root)
        return 1
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
