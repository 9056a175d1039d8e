CREATE TABLE "entry_search" (
	"entry_id" text PRIMARY KEY NOT NULL,
	"bucket" integer NOT NULL,
	"document" "tsvector" NOT NULL
);
--> statement-breakpoint
CREATE TABLE "entry_search_pending" (
	"entry_id" text NOT NULL
);
--> statement-breakpoint
DROP INDEX "entry_search_idx";--> statement-breakpoint
ALTER TABLE "entry_search" ADD CONSTRAINT "entry_search_entry_id_entry_id_fk" FOREIGN KEY ("entry_id") REFERENCES "public"."entry"("id") ON DELETE cascade ON UPDATE cascade;--> statement-breakpoint
CREATE INDEX "entry_search_bucket_idx" ON "entry_search" USING btree ("bucket");--> statement-breakpoint
CREATE INDEX "entry_search_document_idx" ON "entry_search" USING gin ("document");--> statement-breakpoint
-- Indexing a note takes longer than storing it. A write only notes down whose words have changed, in a table without an
-- index; `app.search` works it off. Triggers, so that no way of writing is missed.
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
CREATE FUNCTION "typyst_note_updated_entry"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO "public"."entry_search_pending" VALUES (NEW."id");
	RETURN NULL;
END
$$;
--> statement-breakpoint
-- For each row, because only such a trigger can be told which columns concern it.
CREATE TRIGGER "typyst_note_updated" AFTER UPDATE OF "id", "title", "content" ON "entry"
	FOR EACH ROW EXECUTE FUNCTION "typyst_note_updated_entry"();
--> statement-breakpoint
INSERT INTO "entry_search_pending" SELECT "id" FROM "entry";
--> statement-breakpoint
-- Tells live queries which tables change. `app.live` adds this trigger to the tables of others that it reads.
CREATE FUNCTION "typyst_tell_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_notify('typyst_changes', TG_RELID::text);
	RETURN NULL;
END
$$;
--> statement-breakpoint
CREATE TRIGGER "typyst_tell_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "collection"
	FOR EACH STATEMENT EXECUTE FUNCTION "typyst_tell_change"();
--> statement-breakpoint
CREATE TRIGGER "typyst_tell_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "collection_settings"
	FOR EACH STATEMENT EXECUTE FUNCTION "typyst_tell_change"();
--> statement-breakpoint
CREATE TRIGGER "typyst_tell_change" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "entry"
	FOR EACH STATEMENT EXECUTE FUNCTION "typyst_tell_change"();
