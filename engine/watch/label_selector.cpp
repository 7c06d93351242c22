#include "engine/watch/label_selector.h"

#include <algorithm>
#include <charconv>

#include "engine/base/names.h"

namespace engine {
namespace {

using Op = LabelRequirement::Op;

constexpr std::string_view kSpecial = "=!(),><";

std::string joined(const Reasons& reasons) {
  std::string out;
  for (const auto& reason : reasons) out += (out.empty() ? "" : "; ") + reason;
  return out;
}

bool to_int(std::string_view text, int64_t& out) {
  if (text.starts_with('+')) text.remove_prefix(1);
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::string single_quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

struct Token {
  enum class Type : uint8_t {
    end,
    close,
    comma,
    bang,
    equals,
    greater,
    less,
    word,
    in,
    not_equals,
    not_in,
    open,
    bad
  } type;
  std::string text;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token next() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    if (at_ >= text_.size() || text_[at_] == '\0') return {Token::Type::end, ""};
    if (kSpecial.find(text_[at_]) != std::string_view::npos) return symbol();
    size_t from = at_;
    while (at_ < text_.size() && text_[at_] != '\0' && !is_blank(text_[at_]) &&
           kSpecial.find(text_[at_]) == std::string_view::npos)
      ++at_;
    std::string word(text_.substr(from, at_ - from));
    if (word == "in") return {Token::Type::in, word};
    if (word == "notin") return {Token::Type::not_in, word};
    return {Token::Type::word, std::move(word)};
  }

 private:
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

  Token symbol() {
    auto rest = text_.substr(at_);
    static constexpr std::pair<std::string_view, Token::Type> kSymbols[] = {
        {"==", Token::Type::equals}, {"!=", Token::Type::not_equals}, {"=", Token::Type::equals},
        {"!", Token::Type::bang},    {"(", Token::Type::open},        {")", Token::Type::close},
        {",", Token::Type::comma},   {">", Token::Type::greater},     {"<", Token::Type::less}};
    for (const auto& [symbol, type] : kSymbols) {
      if (!rest.starts_with(symbol)) continue;
      at_ += symbol.size();
      return {type, std::string(symbol)};
    }
    return {Token::Type::bad, std::string(rest.substr(0, 1))};
  }

  std::string_view text_;
  size_t at_ = 0;
};

using Type = Token::Type;

class Parser {
 public:
  explicit Parser(std::string_view text) {
    Lexer lexer(text);
    do tokens_.push_back(lexer.next());
    while (tokens_.back().type != Type::end);
  }

  Result<std::vector<LabelRequirement>> parse() {
    std::vector<LabelRequirement> out;
    while (true) {
      const Token& token = peek();
      if (token.type == Type::end) return out;
      if (!is_word(token) && token.type != Type::bang)
        return fail("found " + single_quoted(token.text) +
                    ", expected: !, identifier, or 'end of string'");
      auto requirement = parse_one();
      if (!requirement)
        return fail("unable to parse requirement: " + requirement.error().message());
      out.push_back(std::move(*requirement));
      Token separator = take();
      if (separator.type == Type::end) return out;
      if (separator.type != Type::comma)
        return fail("found " + single_quoted(separator.text) +
                    ", expected: ',' or 'end of string'");
      if (!is_word(peek()) && peek().type != Type::bang)
        return fail("found " + single_quoted(peek().text) + ", expected: identifier after ','");
    }
  }

 private:
  static Status fail(std::string message) { return Status::bad_request(std::move(message)); }
  // As a key or a value, `in` and `notin` are words like any other.
  static bool is_word(const Token& t) {
    return t.type == Type::word || t.type == Type::in || t.type == Type::not_in;
  }
  const Token& peek() const { return tokens_[std::min(at_, tokens_.size() - 1)]; }
  Token take() { return tokens_[std::min(at_++, tokens_.size() - 1)]; }

  Result<LabelRequirement> parse_one() {
    LabelRequirement out;
    bool negated = peek().type == Type::bang;
    if (negated) take();
    Token key = take();
    if (!is_word(key)) return fail("found " + single_quoted(key.text) + ", expected: identifier");
    if (auto faults = joined(check_qualified_name(key.text)); !faults.empty())
      return fail("<nil>: Invalid value: \"" + key.text + "\": " + faults);
    out.key = key.text;
    if (negated) {
      out.op = Op::absent;
      return out;
    }
    if (peek().type == Type::end || peek().type == Type::comma) return out;
    Token op = take();
    switch (op.type) {
      case Type::in:
        out.op = Op::in;
        break;
      case Type::not_in:
        out.op = Op::not_in;
        break;
      case Type::equals:
        out.op = Op::in;
        break;
      case Type::not_equals:
        out.op = Op::not_in;
        break;
      case Type::greater:
        out.op = Op::greater;
        break;
      case Type::less:
        out.op = Op::less;
        break;
      default:
        return fail("found " + single_quoted(op.text) + ", expected: in, notin, =, ==, !=, gt, lt");
    }
    bool set = op.type == Type::in || op.type == Type::not_in;
    out.values = set ? TRY(parse_values()) : TRY(parse_exact());
    TRY(check_values(out));
    return out;
  }

  static Result<Unit> check_values(LabelRequirement& requirement) {
    auto& values = requirement.values;
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    bool number = requirement.op == Op::greater || requirement.op == Op::less;
    for (size_t i = 0; i < values.size(); ++i) {
      int64_t ignored;
      std::string place = "values[" + std::to_string(i) + "]";
      if (number && !to_int(values[i], ignored))
        return fail(place + ": Invalid value: \"" + values[i] +
                    "\": for 'Gt', 'Lt' operators, the value must be an integer");
      if (auto faults = joined(check_label_value(values[i])); !faults.empty())
        return fail(place + "[" + requirement.key + "]: Invalid value: \"" + values[i] +
                    "\": " + faults);
    }
    return Unit{};
  }

  Result<std::vector<std::string>> parse_exact() {
    if (peek().type == Type::end || peek().type == Type::comma) return std::vector<std::string>{""};
    Token value = take();
    if (!is_word(value))
      return fail("found " + single_quoted(value.text) + ", expected: identifier");
    return std::vector<std::string>{value.text};
  }

  // "(a,,b)": what is missing between commas is the empty value.
  Result<std::vector<std::string>> parse_values() {
    if (Token open = take(); open.type != Type::open)
      return fail("found " + single_quoted(open.text) + " expected: '('");
    std::vector<std::string> out;
    bool value_due = true;
    while (true) {
      Token token = take();
      if (is_word(token) && value_due) {
        out.push_back(token.text);
        value_due = false;
      } else if (token.type == Type::comma) {
        if (value_due) out.emplace_back();
        value_due = true;
      } else if (token.type == Type::close) {
        if (value_due) out.emplace_back();
        return out;
      } else if (value_due) {
        return fail("found " + single_quoted(token.text) + ", expected: ',', ')' or identifier");
      } else {
        return fail("found " + single_quoted(token.text) + ", expected: ',' or ')'");
      }
    }
  }

  std::vector<Token> tokens_;
  size_t at_ = 0;
};

bool holds(const LabelRequirement& requirement, const std::string* value) {
  const auto& values = requirement.values;
  switch (requirement.op) {
    case Op::exists:
      return value != nullptr;
    case Op::absent:
      return value == nullptr;
    case Op::in:
      return value && std::find(values.begin(), values.end(), *value) != values.end();
    case Op::not_in:
      return !value || std::find(values.begin(), values.end(), *value) == values.end();
    default:
      break;
  }
  int64_t have = 0, want = 0;
  if (!value || !to_int(*value, have) || !to_int(values.front(), want)) return false;
  return requirement.op == Op::greater ? have > want : have < want;
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector out;
  out.requirements_ = TRY(Parser(text).parse());
  std::stable_sort(out.requirements_.begin(), out.requirements_.end(),
                   [](const auto& a, const auto& b) { return a.key < b.key; });
  return out;
}

Result<LabelSelector> LabelSelector::from_json(const Json& selector) {
  LabelSelector out;
  if (const Json* labels = selector.find("matchLabels"); labels && labels->is_object())
    for (const auto& [key, value] : labels->as_object())
      out.requirements_.push_back(
          {key, Op::in, {value.is_string() ? value.as_string() : std::string()}});
  const Json* expressions = selector.find("matchExpressions");
  if (expressions && expressions->is_array()) {
    for (const auto& expression : expressions->as_array()) {
      LabelRequirement requirement{std::string(expression.str("key")), Op::exists, {}};
      auto op = expression.str("operator");
      if (op == "In")
        requirement.op = Op::in;
      else if (op == "NotIn")
        requirement.op = Op::not_in;
      else if (op == "DoesNotExist")
        requirement.op = Op::absent;
      else if (op != "Exists")
        return Status::bad_request("\"" + std::string(op) +
                                   "\" is not a valid label selector operator");
      if (const Json* values = expression.find("values"); values && values->is_array())
        for (const auto& value : values->as_array())
          if (value.is_string()) requirement.values.push_back(value.as_string());
      out.requirements_.push_back(std::move(requirement));
    }
  }
  return out;
}

bool LabelSelector::matches(const ObjectView& object) const {
  for (const auto& requirement : requirements_)
    if (!holds(requirement, object.label(requirement.key))) return false;
  return true;
}

bool LabelSelector::matches(const Json& labels) const {
  for (const auto& requirement : requirements_) {
    const Json* value = labels.find(requirement.key);
    if (!holds(requirement, value && value->is_string() ? &value->as_string() : nullptr))
      return false;
  }
  return true;
}

}  // namespace engine
