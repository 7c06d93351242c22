#include "engine/schema/pattern_parser.h"

#include <string>

#include "engine/base/utf8.h"

namespace engine::pattern {

namespace {

constexpr int kNestingMax = 100;
constexpr int kRepeatMax = 1000;  // as RE2
constexpr uint32_t kLast = 0x10FFFF;

using Error = Pattern::Error;
template <class T>
using Parsed = storage::Result<T, Error>;

using Ranges = std::vector<Range>;

Ranges digits() {
  return {{'0', '9'}};
}
Ranges spaces() {
  return {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
}
Ranges words() {
  return {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
}

Ranges posix(std::string_view name) {
  if (name == "alnum") return {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}};
  if (name == "alpha") return {{'A', 'Z'}, {'a', 'z'}};
  if (name == "ascii") return {{0, 0x7F}};
  if (name == "blank") return {{'\t', '\t'}, {' ', ' '}};
  if (name == "cntrl") return {{0, 0x1F}, {0x7F, 0x7F}};
  if (name == "digit") return digits();
  if (name == "graph") return {{'!', '~'}};
  if (name == "lower") return {{'a', 'z'}};
  if (name == "print") return {{' ', '~'}};
  if (name == "punct") return {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}};
  if (name == "space") return {{'\t', '\r'}, {' ', ' '}};
  if (name == "upper") return {{'A', 'Z'}};
  if (name == "word") return words();
  if (name == "xdigit") return {{'0', '9'}, {'A', 'F'}, {'a', 'f'}};
  return {};
}

void add_all(Set& to, const Ranges& ranges) {
  to.ranges.insert(to.ranges.end(), ranges.begin(), ranges.end());
}

// What is not in the (sorted) ranges.
void add_others(Set& to, const Ranges& ranges) {
  uint32_t from = 0;
  for (const Range& r : ranges) {
    if (r.low > from) to.ranges.push_back({from, r.low - 1});
    from = r.high + 1;
  }
  if (from <= kLast) to.ranges.push_back({from, kLast});
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Parsed<Node> all() {
    if (!is_utf8(text_)) return Error{"not UTF-8"};
    Node out = TRY(choice(0));
    if (at_ < text_.size()) return Error{"unexpected ): " + std::string(text_)};
    return out;
  }

 private:
  bool more() const { return at_ < text_.size(); }
  char peek() const { return more() ? text_[at_] : '\0'; }
  bool take(std::string_view what) {
    if (text_.substr(at_, what.size()) != what) return false;
    at_ += what.size();
    return true;
  }
  uint32_t next() {
    uint32_t c = 0;
    at_ += utf8_next(text_, at_, c);
    return c;
  }

  Parsed<Node> choice(int nesting) {
    if (nesting > kNestingMax) return Error{"groups are nested too deeply"};
    Flags outer = flags_;
    Node out{.type = Node::Type::choice};
    out.parts.push_back(TRY(sequence(nesting)));
    while (take("|")) out.parts.push_back(TRY(sequence(nesting)));
    flags_ = outer;
    if (out.parts.size() > 1) return out;
    Node only = std::move(out.parts[0]);
    return only;
  }

  Parsed<Node> sequence(int nesting) {
    Node out{.type = Node::Type::sequence};
    while (more() && peek() != '|' && peek() != ')') {
      if (peek() == '*' || peek() == '+' || peek() == '?') {
        return Error{"missing argument to repetition operator: `" + std::string(1, peek()) + "`"};
      }
      Node part = TRY(atom(nesting));
      part = TRY(repeated(std::move(part)));
      out.parts.push_back(std::move(part));
    }
    return out;
  }

  Parsed<Node> repeated(Node part) {
    bool before = false;
    for (;;) {
      int least = 0;
      int most = -1;
      if (take("*")) {
      } else if (take("+")) {
        least = 1;
      } else if (take("?")) {
        most = 1;
      } else if (peek() != '{' || !counted(least, most)) {
        return part;
      }
      take("?");  // reluctant: the same language
      if (before) return Error{"invalid nested repetition operator"};
      if (least > kRepeatMax || most > kRepeatMax || (most >= 0 && most < least)) {
        return Error{"invalid repeat count"};
      }
      before = true;
      Node out{.type = Node::Type::repeat, .least = least, .most = most};
      out.parts.push_back(std::move(part));
      part = std::move(out);
    }
  }

  // {n}, {n,} or {n,m}; anything else after { is a plain brace.
  bool counted(int& least, int& most) {
    size_t start = at_;
    at_++;
    auto number = [&](int& out) {
      size_t from = at_;
      out = 0;
      while (more() && peek() >= '0' && peek() <= '9' && at_ - from < 6) {
        out = out * 10 + (text_[at_++] - '0');
      }
      return at_ > from;
    };
    bool good = number(least);
    most = least;
    if (good && take(",")) {
      if (peek() == '}') {
        most = -1;
      } else {
        good = number(most);
      }
    }
    if (good && take("}")) return true;
    at_ = start;
    return false;
  }

  Node set(Set s) {
    s.fold = flags_.fold;
    return Node{.type = Node::Type::set, .set = std::move(s)};
  }
  static Node assertion(char which) {
    return Node{.type = Node::Type::assertion, .assertion = which};
  }

  Parsed<Node> atom(int nesting) {
    if (peek() == '{') {
      int least, most;
      size_t here = at_;
      if (counted(least, most)) return Error{"missing argument to repetition operator"};
      at_ = here;
    }
    if (take("(")) return group(nesting);
    if (take("[")) return set(TRY(bracket()));
    if (take("\\")) return escape();
    if (take("^")) return assertion(flags_.lines ? '^' : 'A');
    if (take("$")) return assertion(flags_.lines ? '$' : 'z');
    if (take(".")) {
      Set any;
      add_others(any, flags_.dot_all ? Ranges{} : Ranges{{'\n', '\n'}});
      return set(std::move(any));
    }
    uint32_t c = next();
    return set(Set{.ranges = {{c, c}}});
  }

  struct Flags {
    bool fold = false;
    bool lines = false;
    bool dot_all = false;
  };

  Parsed<Node> group(int nesting) {
    Flags outer = flags_;
    bool only_flags = false;
    if (take("?")) {
      if (take("P<") || take("<")) {
        size_t end = text_.find('>', at_);
        if (end == std::string_view::npos || end == at_) return Error{"invalid named capture"};
        at_ = end + 1;
      } else {
        only_flags = TRY(read_flags());
      }
    }
    // (?i) holds to the end of the group around it.
    if (only_flags) return Node{.type = Node::Type::sequence};
    Node out = TRY(choice(nesting + 1));
    if (!take(")")) return Error{"missing closing ): " + std::string(text_)};
    flags_ = outer;
    return out;
  }

  // After "(?": true when it ends with ')', false when with ':'.
  Parsed<bool> read_flags() {
    bool on = true;
    for (;;) {
      if (!more()) break;
      char c = text_[at_++];
      if (c == ':') return false;
      if (c == ')') return true;
      if (c == '-') {
        on = false;
      } else if (c == 'i') {
        flags_.fold = on;
      } else if (c == 'm') {
        flags_.lines = on;
      } else if (c == 's') {
        flags_.dot_all = on;
      } else if (c != 'U') {
        return Error{std::string("invalid or unsupported Perl syntax: `(?") + c + "`"};
      }
    }
    return Error{"missing closing )"};
  }

  Parsed<Node> escape() {
    if (!more()) return Error{"trailing backslash at end of expression"};
    char c = peek();
    if (c == 'A' || c == 'z' || c == 'b' || c == 'B') {
      at_++;
      return assertion(c);
    }
    if (c == 'Q') {
      at_++;
      return quoted();
    }
    Set out;
    TRY(escape_into(out));
    return set(std::move(out));
  }

  Node quoted() {
    Node out{.type = Node::Type::sequence};
    while (more() && !take("\\E")) {
      uint32_t c = next();
      out.parts.push_back(set(Set{.ranges = {{c, c}}}));
    }
    return out;
  }

  // One escape as characters, inside brackets or out of them. The range's end when it is a single
  // character.
  Parsed<storage::Unit> escape_into(Set& out) {
    uint32_t c = next();
    switch (c) {
      case 'd':
        add_all(out, digits());
        return storage::Unit{};
      case 'D':
        add_others(out, digits());
        return storage::Unit{};
      case 's':
        add_all(out, spaces());
        return storage::Unit{};
      case 'S':
        add_others(out, spaces());
        return storage::Unit{};
      case 'w':
        add_all(out, words());
        return storage::Unit{};
      case 'W':
        add_others(out, words());
        return storage::Unit{};
      case 'p':
      case 'P':
        return Error{"classes of Unicode (\\p) are not supported"};
      default: {
        uint32_t single = TRY(single_escape(c));
        out.ranges.push_back({single, single});
        return storage::Unit{};
      }
    }
  }

  Parsed<uint32_t> single_escape(uint32_t c) {
    switch (c) {
      case 'a':
        return uint32_t{7};
      case 'f':
        return uint32_t{'\f'};
      case 'n':
        return uint32_t{'\n'};
      case 'r':
        return uint32_t{'\r'};
      case 't':
        return uint32_t{'\t'};
      case 'v':
        return uint32_t{'\v'};
      case 'x':
        return hexadecimal();
      default:
        break;
    }
    bool letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (letter)
      return Error{std::string("invalid escape sequence: `\\") + static_cast<char>(c) + "`"};
    return c;
  }

  Parsed<uint32_t> hexadecimal() {
    bool braces = take("{");
    uint32_t out = 0;
    int digits = 0;
    while (more() && digits < (braces ? 6 : 2)) {
      char c = peek();
      char lower = static_cast<char>(c | 0x20);
      int value = c >= '0' && c <= '9'           ? c - '0'
                  : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10
                                                 : -1;
      if (value < 0) break;
      out = out * 16 + static_cast<uint32_t>(value);
      digits++;
      at_++;
    }
    bool good = braces ? digits > 0 && take("}") : digits == 2;
    if (!good || out > kLast) return Error{"invalid escape sequence: `\\x`"};
    return out;
  }

  Parsed<Set> bracket() {
    Set out;
    out.negated = take("^");
    bool first = true;
    while (first || peek() != ']') {
      if (!more()) return Error{"missing closing ]: " + std::string(text_)};
      first = false;
      if (take("[:")) {
        TRY(posix_class(out));
        continue;
      }
      size_t before = out.ranges.size();
      TRY(one_of_bracket(out));
      bool single =
          out.ranges.size() == before + 1 && out.ranges.back().low == out.ranges.back().high;
      if (peek() != '-' || at_ + 1 >= text_.size() || text_[at_ + 1] == ']') continue;
      at_++;
      Set end;
      TRY(one_of_bracket(end));
      bool end_single = end.ranges.size() == 1 && end.ranges[0].low == end.ranges[0].high;
      if (!single || !end_single || end.ranges[0].low < out.ranges.back().low) {
        return Error{"invalid character class range"};
      }
      out.ranges.back().high = end.ranges[0].low;
    }
    at_++;
    return out;
  }

  Parsed<storage::Unit> one_of_bracket(Set& out) {
    if (take("\\")) {
      if (!more()) return Error{"trailing backslash at end of expression"};
      return escape_into(out);
    }
    if (!more()) return Error{"missing closing ]"};
    uint32_t c = next();
    out.ranges.push_back({c, c});
    return storage::Unit{};
  }

  Parsed<storage::Unit> posix_class(Set& out) {
    bool others = take("^");
    size_t end = text_.find(":]", at_);
    Ranges ranges = end == std::string_view::npos ? Ranges{} : posix(text_.substr(at_, end - at_));
    if (ranges.empty()) return Error{"invalid character class range: `[:`"};
    at_ = end + 2;
    if (others) {
      add_others(out, ranges);
    } else {
      add_all(out, ranges);
    }
    return storage::Unit{};
  }

  std::string_view text_;
  size_t at_ = 0;
  Flags flags_;
};

}  // namespace

Parsed<Node> parse(std::string_view text) {
  return Parser(text).all();
}

}  // namespace engine::pattern
