// Numbers as the Go programs of this ecosystem read and print them: JSON numbers, and scalars of
// YAML 1.1. Thread: any. Owns: nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace engine {

// The shortest form that reads back equal: 1, 0.25, 1e+21, 1e-7. What JSON cannot say (infinity,
// not a number) is null.
std::string real_to_string(double value);
// Decimal, the whole text, no sign other than '-', no spaces; none past 64 bits.
std::optional<int64_t> parse_int(std::string_view text);
// With the prefixes of Go's base 0: 0x, 0o, 0b, and a leading 0 for octal; '+' is accepted.
std::optional<int64_t> parse_int_any_base(std::string_view text);
std::optional<double> parse_real(std::string_view text);

}  // namespace engine
