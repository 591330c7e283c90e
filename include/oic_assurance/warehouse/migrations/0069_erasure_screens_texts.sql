-- An erasure reads each archived delivery with the checks of its landing, and these also screen texts. Migration 0013
-- gave the role of erasures the functions that there were then.

grant execute on function
landing.words_of(text), landing.may_name_person(text, text[], text[], text[]),
landing.may_hold_number_of_officer(text), landing.may_hold_telephone(text), landing.may_hold_email(text)
to oic_erasure;
