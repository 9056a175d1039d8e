CREATE SEQUENCE "public"."entry_inserts" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1;--> statement-breakpoint
CREATE TABLE "entry_search_state" (
	"inserts_noted" bigint NOT NULL
);
--> statement-breakpoint
INSERT INTO "entry_search_state" VALUES (0);
--> statement-breakpoint
DROP TRIGGER "typyst_note_inserted" ON "entry";
--> statement-breakpoint
DROP FUNCTION "typyst_note_inserted_entries"();
--> statement-breakpoint
-- To write down each new entry took a fifth of an insert. Now they are only counted, by a condition that is never true, and
-- `app.search` looks for as many: by their keys, which grow with time, or else among all.
CREATE TRIGGER "typyst_count_inserted" AFTER INSERT ON "entry"
	FOR EACH ROW WHEN (nextval('public.entry_inserts'::regclass) IS NULL) EXECUTE FUNCTION "typyst_note_updated_entry"();
--> statement-breakpoint
-- To tell a change took another fifth, so that is done for whoever asks only: `typyst.tell` is `all` while somebody keeps
-- a query up to date, `once` while somebody waits for the next change, and otherwise empty or unknown.
CREATE OR REPLACE FUNCTION "typyst_tell_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_notify('typyst_changes', TG_RELID::text);
	IF current_setting('typyst.tell', true) = 'once' THEN
		PERFORM set_config('typyst.tell', '', false);
	END IF;
	RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "typyst_tell_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "collection"
	FOR EACH STATEMENT WHEN (current_setting('typyst.tell', true) <> '') EXECUTE FUNCTION "typyst_tell_change"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "typyst_tell_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "collection_settings"
	FOR EACH STATEMENT WHEN (current_setting('typyst.tell', true) <> '') EXECUTE FUNCTION "typyst_tell_change"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "typyst_tell_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "entry"
	FOR EACH STATEMENT WHEN (current_setting('typyst.tell', true) <> '') EXECUTE FUNCTION "typyst_tell_change"();
