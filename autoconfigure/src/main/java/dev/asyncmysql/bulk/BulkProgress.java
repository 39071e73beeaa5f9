package dev.asyncmysql.bulk;

import java.io.Serializable;

/**
 * How far a bulk write has come, or what it came to.
 *
 * @param rows how many rows of the source the server has taken
 * @param affected how many rows the server says it changed: one for a row that was
 * inserted, and as MySQL has it two for one that was updated or replaced
 * @param bytes how large the statements were, in bytes as estimated
 * @param chunks how many statements they were
 */
public record BulkProgress(long rows, long affected, long bytes, long chunks) implements Serializable {

	/** What nothing comes to. */
	public static final BulkProgress NONE = new BulkProgress(0, 0, 0, 0);

	BulkProgress plus(Chunk<?> chunk, long affectedByChunk) {
		return new BulkProgress(this.rows + chunk.size(), this.affected + affectedByChunk, this.bytes + chunk.bytes(),
				this.chunks + 1);
	}

}
