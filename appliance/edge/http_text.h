// http_text: the small rules of HTTP's grammar that reader, writer and client share: tokens,
// optional white space, lists. Thread: any; pure functions. Owns: nothing. Source: RFC 9110
// section 5.6.
#pragma once

#include <string>
#include <string_view>

namespace appliance::http_text {

bool is_token(std::string_view text);               // not empty, token characters only
bool same(std::string_view a, std::string_view b);  // without case, ASCII
std::string_view trim(std::string_view text);       // spaces and tabs at both ends
bool has_item(std::string_view list,
              std::string_view item);  // in a comma-separated list, without case
int hex_digit(char c);                 // -1 if it is none
void append_json(std::string& out,
                 std::string_view text);  // as a JSON string; bytes that are not UTF-8 become '?'

}  // namespace appliance::http_text
