CREATE OR REPLACE TRIGGER "typyst_tell_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "entry"
	FOR EACH STATEMENT EXECUTE FUNCTION "typyst_tell_change"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "typyst_tell_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "collection_settings"
	FOR EACH STATEMENT EXECUTE FUNCTION "typyst_tell_change"();
--> statement-breakpoint
CREATE OR REPLACE TRIGGER "typyst_tell_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "collection"
	FOR EACH STATEMENT EXECUTE FUNCTION "typyst_tell_change"();
--> statement-breakpoint
CREATE OR REPLACE FUNCTION "typyst_tell_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_notify('typyst_changes', TG_RELID::text);
	RETURN NULL;
END
$$;
--> statement-breakpoint
DROP TRIGGER "typyst_count_inserted" ON "entry";
--> statement-breakpoint
CREATE FUNCTION "typyst_note_inserted_entries"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "public"."entry_search_pending" SELECT "id" FROM "inserted";
	RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "typyst_note_inserted" AFTER INSERT ON "entry" REFERENCING NEW TABLE AS "inserted"
	FOR EACH STATEMENT EXECUTE FUNCTION "typyst_note_inserted_entries"();
--> statement-breakpoint
-- What was only counted so far.
INSERT INTO "entry_search_pending" SELECT "id" FROM "entry" WHERE NOT EXISTS (
	SELECT FROM "entry_search" WHERE "entry_search"."entry_id" = "entry"."id"
);
--> statement-breakpoint
DROP TABLE "entry_search_state";
--> statement-breakpoint
DROP SEQUENCE "public"."entry_inserts";
