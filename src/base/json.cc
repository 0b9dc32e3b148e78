/* json.cc - simdjson's DOM, copied into the arena. The only C++ of the project: simdjson has
 * no C interface. Nothing here throws: simdjson is compiled without its exceptions and asks
 * for memory with std::nothrow.
 *
 * simdjson gives a number as an integer or a double, and a double has rounded already: it
 * holds six decimals only up to some 9,000,000,000. So a number is read from its own digits.
 * simdjson keeps the places at which every bracket, comma, colon and value begins, in the
 * order of the text, and the copy meets the numbers in just that order. */
#define SIMDJSON_EXCEPTIONS 0
#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <new>

extern "C" {
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"
}

namespace dom = simdjson::dom;

#define DEPTH_MAX 64
/* Objects of few members are looked through for doubles two by two, without memory. */
#define FEW_MEMBERS 16

struct json_parser {
    dom::parser dom;
};

namespace
{

bool report(simdjson::error_code code, struct err *err) noexcept
{
    const char *what;

    switch (code) {
    case simdjson::MEMALLOC:
        return err_nomem(err);
    case simdjson::CAPACITY:
        return err_set(err, ERR_LIMIT, "this JSON is larger than 4 GiB");
    case simdjson::DEPTH_ERROR:
        what = "lists and objects inside one another, deeper than 64";
        break;
    case simdjson::EMPTY:
        what = "nothing there";
        break;
    case simdjson::UTF8_ERROR:
        what = "bytes that are no UTF-8";
        break;
    case simdjson::STRING_ERROR:
        what = "a text with a wrong \\ in it";
        break;
    case simdjson::UNESCAPED_CHARS:
        what = "a text with a line end or another control character in it";
        break;
    case simdjson::UNCLOSED_STRING:
        what = "a text without its closing quote";
        break;
    case simdjson::NUMBER_ERROR:
    case simdjson::NUMBER_OUT_OF_RANGE:
        what = "a number that is not written as JSON asks, or far too large";
        break;
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
        what = "a word that is not true, false or null";
        break;
    default:
        what = "a bracket, comma, colon or value is missing or too much";
        break;
    }
    return err_set(err, ERR_INPUT, "this is no JSON: %s", what);
}

class copier
{
    const dom::parser &parser;
    const char *text;
    size_t text_n;
    struct arena *arena;
    uint32_t place = 0; /* of the next number: an index into simdjson's places */
    unsigned depth = 0;

    bool copy_text(std::string_view from, str *to) noexcept
    {
        *to = arena_str(arena, str{from.data(), from.size()});
        return to->p;
    }

    /* The digits of the next number of the text. */
    str number_text() noexcept
    {
        const uint32_t *at = parser.implementation->structural_indexes.get();
        const char *p, *end = text + text_n;
        size_t n = 0;

        while (text[at[place]] != '-' && (text[at[place]] < '0' || text[at[place]] > '9'))
            place++;
        p = text + at[place++];
        while (p + n < end && p[n] && std::strchr("+-.0123456789eE", p[n]))
            n++;
        return str{p, n};
    }

    template <typename container> static size_t count(const container &c) noexcept
    {
        size_t n = 0;

        /* simdjson's own .size() stops counting at 16,777,215 */
        for (auto i = c.begin(); i != c.end(); ++i)
            n++;
        return n;
    }

    bool copy_list(dom::array list, struct json *to) noexcept
    {
        struct json *item;

        to->type = JSON_LIST;
        to->n = count(list);
        if (to->n == 0)
            return true;
        item = static_cast<struct json *>(
            arena_alloc_array(arena, to->n, sizeof *item, alignof(struct json)));
        if (!item)
            return false;
        to->item = item;
        for (dom::element e : list)
            if (!copy(e, item++))
                return false;
        return true;
    }

    bool copy_object(dom::object object, struct json *to) noexcept
    {
        struct json *item;
        str *name;

        to->type = JSON_OBJECT;
        to->n = count(object);
        if (to->n == 0)
            return true;
        item = static_cast<struct json *>(
            arena_alloc_array(arena, to->n, sizeof *item, alignof(struct json)));
        name = static_cast<str *>(
            arena_alloc_array(arena, to->n, sizeof *name, alignof(str)));
        if (!item || !name)
            return false;
        to->item = item;
        to->name = name;
        for (dom::key_value_pair member : object)
            if (!copy_text(member.key, name++) || !copy(member.value, item++))
                return false;
        if (to->n > FEW_MEMBERS)
            return drop_doubles(to);
        drop_doubles_of_few(to);
        return true;
    }

    static void drop_doubles_of_few(struct json *object) noexcept
    {
        size_t kept = 0;

        for (size_t i = 0; i < object->n; i++) {
            bool again = false;

            for (size_t j = i + 1; j < object->n && !again; j++)
                again = str_eq(object->name[i], object->name[j]);
            if (again)
                continue;
            object->name[kept] = object->name[i];
            object->item[kept++] = object->item[i];
        }
        object->n = kept;
    }

    /* Sorted by name, the doubles stand together and the last of each stays. */
    static bool drop_doubles(struct json *object) noexcept
    {
        size_t n = object->n, kept = 0;
        size_t *order = static_cast<size_t *>(mem_alloc(n * sizeof *order));

        if (!order)
            return false;
        for (size_t i = 0; i < n; i++)
            order[i] = i;
        std::sort(order, order + n, [object](size_t a, size_t b) {
            int c = str_cmp(object->name[a], object->name[b]);

            return c ? c < 0 : a < b;
        });
        for (size_t i = 0; i + 1 < n; i++)
            if (str_eq(object->name[order[i]], object->name[order[i + 1]]))
                object->name[order[i]].p = nullptr;
        for (size_t i = 0; i < n; i++) {
            if (!object->name[i].p)
                continue;
            object->name[kept] = object->name[i];
            object->item[kept++] = object->item[i];
        }
        object->n = kept;
        mem_free(order);
        return true;
    }

  public:
    simdjson::error_code failure = simdjson::MEMALLOC; /* why copy gave false */

    copier(const dom::parser &p, str t, struct arena *a) noexcept
        : parser(p), text(t.p), text_n(t.n), arena(a)
    {
    }

    /* The elements come from a parse that succeeded, so asking them
     * for the type they have cannot fail. */
    bool copy(dom::element from, struct json *to) noexcept
    {
        switch (from.type()) {
        case dom::element_type::NULL_VALUE:
            to->type = JSON_NULL;
            return true;
        case dom::element_type::BOOL:
            to->type = JSON_BOOL;
            return from.get(to->truth) == simdjson::SUCCESS;
        case dom::element_type::INT64:
        case dom::element_type::UINT64:
        case dom::element_type::DOUBLE:
            to->type = JSON_NUMBER;
            to->fits = num_parse(number_text(), &to->number);
            return true;
        case dom::element_type::STRING:
            to->type = JSON_TEXT;
            return copy_text(from.get_string().value_unsafe(), &to->text);
        case dom::element_type::ARRAY:
        case dom::element_type::OBJECT:
            break;
        }
        /* simdjson does not count a bracket pair with nothing in it as a level */
        if (depth == DEPTH_MAX) {
            failure = simdjson::DEPTH_ERROR;
            return false;
        }
        depth++;
        bool ok = from.is_array() ? copy_list(from.get_array().value_unsafe(), to)
                                  : copy_object(from.get_object().value_unsafe(), to);
        depth--;
        return ok;
    }
};

} // namespace

extern "C" bool json_parser_new(struct json_parser **out, struct err *err)
{
    void *block = mem_alloc(sizeof(struct json_parser));

    if (!block)
        return err_nomem(err);
    *out = new (block) json_parser;
    /* simdjson counts the level outside all brackets too */
    if ((*out)->dom.allocate(0, DEPTH_MAX + 1) == simdjson::SUCCESS)
        return true;
    json_parser_free(*out);
    *out = nullptr;
    return err_nomem(err);
}

extern "C" void json_parser_free(struct json_parser *p)
{
    if (!p)
        return;
    p->~json_parser();
    mem_free(p);
}

extern "C" bool json_parse(struct json_parser *p, str text, struct arena *a,
                           const struct json **out, struct err *err)
{
    dom::element root;
    struct json *copy;
    simdjson::error_code code;

    if (str_starts(text, STR("\xef\xbb\xbf")))
        return err_set(err, ERR_INPUT,
                       "this is no JSON: it begins with a byte order mark; leave it out");
    code = p->dom.parse(text.p, text.n, false).get(root);
    if (code != simdjson::SUCCESS)
        return report(code, err);
    copy = static_cast<struct json *>(arena_alloc(a, sizeof *copy, alignof(struct json)));
    if (!copy)
        return err_nomem(err);
    copier c(p->dom, text, a);
    if (!c.copy(root, copy))
        return report(c.failure, err);
    *out = copy;
    return true;
}

extern "C" const struct json *json_find(const struct json *object, str name)
{
    if (!object || object->type != JSON_OBJECT)
        return nullptr;
    for (size_t i = 0; i < object->n; i++)
        if (str_eq(object->name[i], name))
            return &object->item[i];
    return nullptr;
}

extern "C" str json_find_text(const struct json *object, str name)
{
    const struct json *found = json_find(object, name);

    return found && found->type == JSON_TEXT ? found->text : str{"", 0};
}
